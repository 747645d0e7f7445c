import type { Group } from "./listed-command.ts"

/** Models that the pool serves. */
export const modelCommands: Group = {
  "model plan": {
    summary: "say whether a model fits, on which Macs, and how fast it will be",
    load: async () => (await import("../commands/model-plan.ts")).modelPlan,
  },
  "key create": {
    summary: "make a key for models",
    load: async () => (await import("../commands/key.ts")).keyCreate,
  },
  "key ls": {
    summary: "the keys",
    also: ["keys", "key list"],
    load: async () => (await import("../commands/key.ts")).keyLs,
  },
  "key rm": {
    summary: "make a key useless",
    also: ["key remove", "key delete", "key revoke"],
    load: async () => (await import("../commands/key.ts")).keyRm,
  },
  "key usage": {
    summary: "what was used of models",
    load: async () => (await import("../commands/key-usage.ts")).keyUsage,
  },
}
