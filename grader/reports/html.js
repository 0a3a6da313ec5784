// Searches, filters and sorts the table of submissions; without it the table is complete.

const tools = document.getElementById("tools");
const search = document.getElementById("search");
const show = document.getElementById("show");
const mistake = document.getElementById("mistake");
const order = document.getElementById("order");
const told = document.getElementById("told");
const body = document.querySelector("#everyone tbody");
const { compare } = new Intl.Collator(document.documentElement.lang, { numeric: true });

// "Zoe" finds "Zoë".
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

const rows = Array.from(body.rows, (row) => ({
  row,
  text: plain(row.textContent),
  id: row.querySelector("bdi").textContent,
  part: row.dataset.part === "" ? null : Number(row.dataset.part),
  groups: row.dataset.groups.split(" "),
  mistakes: row.dataset.mistakes.split(" "),
}));

// What could not be judged stands last, whichever end comes first.
const orders = {
  id: (one, other) => compare(one.id, other.id),
  lowest: (one, other) => (one.part ?? 2) - (other.part ?? 2),
  highest: (one, other) => (other.part ?? -1) - (one.part ?? -1),
};

function filter() {
  const words = plain(search.value).trim().split(/\s+/);
  let count = 0;
  for (const { row, text, groups, mistakes } of rows) {
    const fits =
      words.every((word) => text.includes(word)) &&
      (show.value === "" || groups.includes(show.value)) &&
      (mistake.value === "" || mistakes.includes(mistake.value));
    row.hidden = !fits;
    count += fits;
  }
  told.textContent = told.dataset.text.replace("#", count);
}

function sort() {
  rows.sort((one, other) => orders[order.value](one, other) || orders.id(one, other));
  body.append(...rows.map(({ row }) => row));
}

search.addEventListener("input", filter);
show.addEventListener("change", filter);
mistake.addEventListener("change", filter);
order.addEventListener("change", sort);
tools.hidden = false;
filter();
