import { Calendar } from "../calendar/calendar.ts"
import { Grid } from "../calendar/grid.ts"
import { totalOf } from "./attempt-room.ts"
import { linksOf } from "./host-links.ts"
import type { QueueScene } from "./queue-scene.ts"

/** The hosts of a scene, with nobody there yet. */
export function calendarOf({ hosts, pieces, policy }: QueueScene, nowMs: number): Calendar {
  const { windowMs, gridMs } = policy.backfill
  const totals = hosts.map((host) => ({ total: totalOf(host), weight: host.weight }))
  return new Calendar(totals, pieces, new Grid(nowMs, windowMs, gridMs), linksOf(hosts))
}
