import type { Group } from "./listed-command.ts"

/** What is done with jobs. */
export const jobCommands: Group = {
  send: {
    summary: "run a command on an idle Mac, in a copy of this folder",
    also: ["run", "submit"],
    load: async () => (await import("../commands/send.ts")).send,
  },
  apply: {
    summary: "send the job a file describes (windfall.yml)",
    load: async () => (await import("../commands/apply.ts")).apply,
  },
  ps: {
    summary: "jobs that run or wait",
    also: ["jobs", "ls", "list"],
    load: async () => (await import("../commands/ps.ts")).ps,
  },
  show: {
    summary: "all about one job",
    also: ["describe", "inspect", "status"],
    load: async () => (await import("../commands/show.ts")).show,
  },
  logs: { summary: "what a job printed", also: ["log"], load: async () => (await import("../commands/logs.ts")).logs },
  attach: {
    summary: "watch a job as if it had been sent here",
    load: async () => (await import("../commands/attach.ts")).attach,
  },
  shell: {
    summary: "a terminal: beside a running job, or as a session on an idle host",
    also: ["session"],
    load: async () => (await import("../commands/shell.ts")).shell,
  },
  forward: {
    summary: "ports of a running job on this machine: Jupyter, TensorBoard",
    also: ["port-forward", "tunnel"],
    load: async () => (await import("../commands/forward.ts")).forward,
  },
  "ssh-config": {
    summary: "let ssh, sftp, rsync and editors into a running job by name",
    load: async () => (await import("../commands/ssh-config.ts")).sshConfig,
  },
  "ssh-proxy": {
    summary: "the way of ssh to a running job; called by ssh itself",
    hidden: true,
    load: async () => (await import("../commands/ssh-proxy.ts")).sshProxy,
  },
  wait: { summary: "wait until jobs have ended", load: async () => (await import("../commands/wait.ts")).wait },
  stop: {
    summary: "ask jobs to stop, then make them",
    also: ["cancel", "kill"],
    load: async () => (await import("../commands/stop.ts")).stop,
  },
  hold: {
    summary: "keep jobs that wait from starting",
    load: async () => (await import("../commands/hold.ts")).hold,
  },
  release: {
    summary: "let held jobs go on",
    also: ["unhold"],
    load: async () => (await import("../commands/hold.ts")).release,
  },
  nice: {
    summary: "let others go before a job of yours",
    also: ["renice"],
    load: async () => (await import("../commands/nice.ts")).nice,
  },
  time: {
    summary: "change a job's time limit",
    also: ["extend"],
    load: async () => (await import("../commands/time.ts")).time,
  },
  throttle: {
    summary: "change how many tasks of an array run at a time",
    load: async () => (await import("../commands/throttle.ts")).throttle,
  },
  get: {
    summary: "bring a job's output files here",
    also: ["fetch", "outputs"],
    load: async () => (await import("../commands/get.ts")).get,
  },
  rerun: {
    summary: "send the same job again",
    also: ["retry", "requeue"],
    load: async () => (await import("../commands/rerun.ts")).rerun,
  },
  queue: {
    summary: "who waits, in the order of the queue",
    also: ["squeue"],
    load: async () => (await import("../commands/queue.ts")).queue,
  },
  why: { summary: "why a job waits, host by host", load: async () => (await import("../commands/why.ts")).why },
}
