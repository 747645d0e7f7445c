import type { Group } from "./listed-command.ts"

/** What owners say of their Macs, and fleets of theirs. */
export const ownerCommands: Group = {
  "mac status": {
    summary: "who is at your Mac, and what runs there",
    also: ["mac"],
    load: async () => (await import("../commands/mac.ts")).macStatus,
  },
  "mac pause": {
    summary: "no jobs on your Mac for a while",
    load: async () => (await import("../commands/mac.ts")).macPause,
  },
  "mac resume": {
    summary: "let jobs come again",
    load: async () => (await import("../commands/mac.ts")).macResume,
  },
  "mac hours": {
    summary: "when jobs may run on your Mac",
    load: async () => (await import("../commands/mac-rules.ts")).macHours,
  },
  "mac never": {
    summary: "when they may not",
    load: async () => (await import("../commands/mac-rules.ts")).macNever,
  },
  "mac rules": {
    summary: "your Mac's rules, and who said them",
    load: async () => (await import("../commands/mac-rules.ts")).macRules,
  },
  "mac week": {
    summary: "when somebody is usually at a Mac, as learned; forget it, or turn it off",
    load: async () => (await import("../commands/mac-week.ts")).macWeek,
  },
  "fleet ls": {
    summary: "the fleets, and their rules",
    also: ["fleets", "fleet", "fleet list"],
    load: async () => (await import("../commands/fleet.ts")).fleetLs,
  },
  "fleet set": {
    summary: "which networks members of served models may talk over",
    load: async () => (await import("../commands/fleet-set.ts")).fleetSet,
  },
  "fleet policy": {
    summary: "the rules of all Macs of a fleet",
    load: async () => (await import("../commands/fleet.ts")).fleetPolicy,
  },
}
