import type { Group } from "./listed-command.ts"

/** Models that the pool serves. */
export const modelCommands: Group = {
  "model plan": {
    summary: "say whether a model fits, on which Macs, and how fast it will be",
    load: async () => (await import("../commands/model-plan.ts")).modelPlan,
  },
  "model serve": {
    summary: "serve a model to clients of OpenAI and Anthropic",
    load: async () => (await import("../commands/model-serve.ts")).modelServe,
  },
  "model ls": {
    summary: "the models that are served, and how they stand",
    also: ["model", "models", "model list"],
    load: async () => (await import("../commands/model.ts")).modelLs,
  },
  "model show": {
    summary: "all about one model: replicas, hosts, layers, reasons",
    also: ["model status"],
    load: async () => (await import("../commands/model.ts")).modelShow,
  },
  "model stop": {
    summary: "stop a model: what is under way may finish",
    load: async () => (await import("../commands/model.ts")).modelStop,
  },
  "model rm": {
    summary: "forget a model that was stopped",
    also: ["model remove", "model delete"],
    load: async () => (await import("../commands/model.ts")).modelRm,
  },
  "model logs": {
    summary: "what the engine of a model prints",
    load: async () => (await import("../commands/model-logs.ts")).modelLogs,
  },
  "model pull": {
    summary: "bring a model into the lab, once",
    load: async () => (await import("../commands/model-pull.ts")).modelPull,
  },
  "model where": {
    summary: "which hosts hold the weights of what",
    load: async () => (await import("../commands/model-where.ts")).modelWhere,
  },
  chat: {
    summary: "talk to a model that is served, in the terminal",
    load: async () => (await import("../commands/chat.ts")).chat,
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
