import type { Group } from "./listed-command.ts"

/** What is done with hosts. */
export const hostCommands: Group = {
  "host ls": {
    summary: "the hosts, what they are and what is free",
    also: ["hosts", "host list"],
    load: async () => (await import("../commands/host-ls.ts")).hostLs,
  },
  top: {
    summary: "watch hosts, their jobs and the queue",
    also: ["monitor"],
    load: async () => (await import("../commands/top.ts")).top,
  },
  "host show": {
    summary: "all about one host",
    load: async () => (await import("../commands/host-show.ts")).hostShow,
  },
  "host add": {
    summary: "let a machine join, over SSH",
    load: async () => (await import("../commands/host-add.ts")).hostAdd,
  },
  "host account": {
    summary: "the lines that make an account for jobs on a Mac",
    load: async () => (await import("../commands/host-account.ts")).hostAccount,
  },
  "invite mac": {
    summary: "a line by which an owner lends a Mac",
    load: async () => (await import("../commands/invite-mac.ts")).inviteMac,
  },
  "host set": {
    summary: "whose a host is, its disk, address and waking",
    load: async () => (await import("../commands/host-set.ts")).hostSet,
  },
  "host bench": {
    summary: "measure the network between hosts",
    load: async () => (await import("../commands/host-bench.ts")).hostBench,
  },
  "host discover": {
    summary: "machines on the net that could join",
    load: async () => (await import("../commands/host-discover.ts")).hostDiscover,
  },
  "host drain": {
    summary: "start nothing new on a host",
    load: async () => (await import("../commands/host-drain.ts")).hostDrain,
  },
  "host resume": {
    summary: "use a drained host again",
    load: async () => (await import("../commands/host-drain.ts")).hostResume,
  },
  "host rekey": {
    summary: "accept a host's new SSH key",
    load: async () => (await import("../commands/host-rekey.ts")).hostRekey,
  },
  "host rm": {
    summary: "let a host leave",
    also: ["host remove", "host delete"],
    load: async () => (await import("../commands/host-rm.ts")).hostRm,
  },
  events: { summary: "what happened, and by whom", load: async () => (await import("../commands/events.ts")).events },
  facts: {
    summary: "what recorded outputs of a Mac's commands tell",
    load: async () => (await import("../commands/facts.ts")).facts,
  },
  doctor: { summary: "look for what is wrong", load: async () => (await import("../commands/doctor.ts")).doctor },
}
