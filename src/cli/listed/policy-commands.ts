import type { Group } from "./listed-command.ts"

/** How the pool is shared. */
export const policyCommands: Group = {
  share: {
    summary: "who has had how much of their share",
    also: ["sshare"],
    load: async () => (await import("../commands/share.ts")).share,
  },
  usage: {
    summary: "what ran, by user, account, host or model",
    also: ["sreport"],
    load: async () => (await import("../commands/usage.ts")).usage,
  },
  limits: {
    summary: "which limits hold for your jobs, and how much of each is used",
    load: async () => (await import("../commands/limits.ts")).limits,
  },
  "policy apply": {
    summary: "let a policy file hold, or say what it would change",
    load: async () => (await import("../commands/policy.ts")).policyApply,
  },
  "policy show": {
    summary: "the policy file that holds",
    load: async () => (await import("../commands/policy.ts")).policyShow,
  },
  "policy diff": {
    summary: "what a policy file would change",
    load: async () => (await import("../commands/policy.ts")).policyDiff,
  },
  "policy check": {
    summary: "say what is wrong with a policy file",
    load: async () => (await import("../commands/policy-check.ts")).policyCheck,
  },
  "policy plan": {
    summary: "plan a described cluster and queue, with a reason for each wait",
    load: async () => (await import("../commands/policy-plan.ts")).policyPlan,
  },
  "policy snapshot": {
    summary: "write the pool as it is now for policy plan, names masked on request",
    load: async () => (await import("../commands/policy-snapshot.ts")).policySnapshot,
  },
  "policy share": {
    summary: "reckon a described share tree, every value of it",
    load: async () => (await import("../commands/policy-share.ts")).policyShare,
  },
}
