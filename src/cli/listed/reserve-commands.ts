import type { Group } from "./listed-command.ts"

/** Hosts that are kept for some people, or for maintenance. */
export const reserveCommands: Group = {
  reserve: {
    summary: "keep hosts for some people, or for maintenance, in a time that may come again",
    also: ["reservation", "book"],
    load: async () => (await import("../commands/reserve.ts")).reserve,
  },
  "reserve ls": {
    summary: "what is booked; --calendar: a week of it",
    also: ["reserve list", "reservations", "calendar"],
    load: async () => (await import("../commands/reserve-ls.ts")).reserveLs,
  },
  "reserve show": {
    summary: "one booking with its next times",
    load: async () => (await import("../commands/reserve-ls.ts")).reserveShow,
  },
  "reserve set": {
    summary: "change a booking",
    load: async () => (await import("../commands/reserve-change.ts")).reserveSet,
  },
  "reserve skip": {
    summary: "leave out one time of a booking",
    load: async () => (await import("../commands/reserve-change.ts")).reserveSkip,
  },
  "reserve rm": {
    summary: "remove bookings",
    also: ["reserve remove", "reserve delete"],
    load: async () => (await import("../commands/reserve-change.ts")).reserveRm,
  },
}
