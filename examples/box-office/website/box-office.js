// A deploy fills in the addresses: see stacks/website.py.
const SHOP = "{{ SHOP_URL }}";
const SEAT_PLAN = "{{ SEAT_PLAN_URL }}";

const plan = document.querySelector("#plan");
let watched;

for (const show of (await fetchJson("/shows")).shows) {
  const button = document.createElement("button");
  button.textContent = `${show.title}, ${new Date(show.starts_at).toLocaleString()}`;
  button.onclick = () => open(show.showId);
  const item = document.createElement("li");
  item.append(button, ` ${(show.price / 100).toFixed(2)} €`);
  document.querySelector("#shows").append(item);
}

async function open(showId) {
  watched?.close();
  // Watch first, then ask: no change is missed in between.
  watched = new WebSocket(`${SEAT_PLAN}?show=${encodeURIComponent(showId)}`);
  watched.onmessage = ({ data }) => {
    const { taken, free } = JSON.parse(data);
    taken.forEach((seat) => mark(seat, true));
    free.forEach((seat) => mark(seat, false));
  };
  const show = await fetchJson(`/shows/${encodeURIComponent(showId)}`);
  plan.hidden = false;
  plan.querySelector("h2").textContent = show.title;
  const hall = plan.querySelector(".hall");
  hall.style.gridTemplateColumns = `repeat(${show.seats_in_row}, 1fr)`;
  hall.replaceChildren(...seatsOf(show));
  show.taken.forEach((seat) => mark(seat, true));
}

function seatsOf({ rows, seats_in_row }) {
  return Array.from({ length: rows * seats_in_row }, (_, index) => {
    const seat = document.createElement("div");
    const row = String.fromCharCode(65 + Math.floor(index / seats_in_row));
    seat.id = seat.textContent = `${row}${(index % seats_in_row) + 1}`;
    seat.className = "seat";
    return seat;
  });
}

function mark(seat, taken) {
  document.getElementById(seat)?.classList.toggle("taken", taken);
}

async function fetchJson(path) {
  const response = await fetch(SHOP + path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}
