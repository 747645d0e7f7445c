import type { Group } from "./listed-command.ts"

/** Models that the pool serves. */
export const modelCommands: Group = {
  "model plan": {
    summary: "say whether a model fits, on which Macs, and how fast it will be",
    load: async () => (await import("../commands/model-plan.ts")).modelPlan,
  },
}
