// Draws a ticket. Python invokes it: see functions/tickets.py.
import { barcode } from "./drawing/code39";
import { escaped } from "./drawing/svg";

interface Ticket {
  title: string;
  startsAt: string;
  seat: string;
  code: string;
}

const WIDTH = 480;
const HEIGHT = 200;

export async function handler(ticket: Ticket): Promise<{ svg: string }> {
  const [day, time] = ticket.startsAt.split("T");
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" font-family="sans-serif">
  <rect width="${WIDTH}" height="${HEIGHT}" rx="12" fill="#fff8e7" stroke="#4a3b2a"/>
  <text x="24" y="44" font-size="22" font-weight="bold">${escaped(ticket.title)}</text>
  <text x="24" y="72" font-size="16">${escaped(day)}, ${escaped(time.slice(0, 5))} · seat ${escaped(ticket.seat)}</text>
  ${barcode(ticket.code, { x: 24, y: 92, width: WIDTH - 48, height: 64 })}
  <text x="${WIDTH / 2}" y="182" font-size="16" text-anchor="middle" letter-spacing="4">${escaped(ticket.code)}</text>
</svg>
`;
  return { svg };
}
