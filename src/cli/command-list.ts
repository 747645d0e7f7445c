import type { Command } from "./command-line/command.ts"

interface ListedCommand {
  readonly summary: string
  /** Typed by programs, not by people: not in the overview. */
  readonly hidden?: boolean
  /** Other words for it. */
  readonly also?: readonly string[]
  readonly load: () => Promise<Command>
}

type Group = Readonly<Record<string, ListedCommand>>

const jobs: Group = {
  send: {
    summary: "run a command on an idle Mac, in a copy of this folder",
    also: ["run", "submit"],
    load: async () => (await import("./commands/send.ts")).send,
  },
  apply: {
    summary: "send the job a file describes (windfall.yml)",
    load: async () => (await import("./commands/apply.ts")).apply,
  },
  ps: {
    summary: "jobs that run or wait",
    also: ["jobs", "ls", "list", "queue"],
    load: async () => (await import("./commands/ps.ts")).ps,
  },
  show: {
    summary: "all about one job",
    also: ["describe", "inspect", "status"],
    load: async () => (await import("./commands/show.ts")).show,
  },
  logs: { summary: "what a job printed", also: ["log"], load: async () => (await import("./commands/logs.ts")).logs },
  attach: {
    summary: "watch a job as if it had been sent here",
    load: async () => (await import("./commands/attach.ts")).attach,
  },
  shell: {
    summary: "a terminal: beside a running job, or as a session on an idle host",
    also: ["session"],
    load: async () => (await import("./commands/shell.ts")).shell,
  },
  forward: {
    summary: "ports of a running job on this machine: Jupyter, TensorBoard",
    also: ["port-forward", "tunnel"],
    load: async () => (await import("./commands/forward.ts")).forward,
  },
  "ssh-config": {
    summary: "let ssh, sftp, rsync and editors into a running job by name",
    load: async () => (await import("./commands/ssh-config.ts")).sshConfig,
  },
  "ssh-proxy": {
    summary: "the way of ssh to a running job; called by ssh itself",
    hidden: true,
    load: async () => (await import("./commands/ssh-proxy.ts")).sshProxy,
  },
  wait: { summary: "wait until jobs have ended", load: async () => (await import("./commands/wait.ts")).wait },
  stop: {
    summary: "ask jobs to stop, then make them",
    also: ["cancel", "kill"],
    load: async () => (await import("./commands/stop.ts")).stop,
  },
  get: {
    summary: "bring a job's output files here",
    also: ["fetch", "outputs"],
    load: async () => (await import("./commands/get.ts")).get,
  },
  rerun: {
    summary: "send the same job again",
    also: ["retry", "requeue"],
    load: async () => (await import("./commands/rerun.ts")).rerun,
  },
  why: { summary: "why a job waits, host by host", load: async () => (await import("./commands/why.ts")).why },
}

const pool: Group = {
  "host ls": {
    summary: "the hosts, what they are and what is free",
    also: ["hosts", "host list"],
    load: async () => (await import("./commands/host-ls.ts")).hostLs,
  },
  top: {
    summary: "watch hosts, their jobs and the queue",
    also: ["monitor"],
    load: async () => (await import("./commands/top.ts")).top,
  },
  "host show": {
    summary: "all about one host",
    load: async () => (await import("./commands/host-show.ts")).hostShow,
  },
  "host add": {
    summary: "let a machine join, over SSH",
    load: async () => (await import("./commands/host-add.ts")).hostAdd,
  },
  "host account": {
    summary: "the lines that make an account for jobs on a Mac",
    load: async () => (await import("./commands/host-account.ts")).hostAccount,
  },
  "invite mac": {
    summary: "a line by which an owner lends a Mac",
    load: async () => (await import("./commands/invite-mac.ts")).inviteMac,
  },
  "host set": {
    summary: "how much of its disk a host may use",
    load: async () => (await import("./commands/host-set.ts")).hostSet,
  },
  "host drain": {
    summary: "start nothing new on a host",
    load: async () => (await import("./commands/host-drain.ts")).hostDrain,
  },
  "host resume": {
    summary: "use a drained host again",
    load: async () => (await import("./commands/host-drain.ts")).hostResume,
  },
  "host rekey": {
    summary: "accept a host's new SSH key",
    load: async () => (await import("./commands/host-rekey.ts")).hostRekey,
  },
  "host rm": {
    summary: "let a host leave",
    also: ["host remove", "host delete"],
    load: async () => (await import("./commands/host-rm.ts")).hostRm,
  },
  events: { summary: "what happened, and by whom", load: async () => (await import("./commands/events.ts")).events },
  facts: {
    summary: "what recorded outputs of a Mac's commands tell",
    load: async () => (await import("./commands/facts.ts")).facts,
  },
  doctor: { summary: "look for what is wrong", load: async () => (await import("./commands/doctor.ts")).doctor },
}

const access: Group = {
  up: {
    summary: "start a server on this machine",
    also: ["server", "serve"],
    load: async () => (await import("./commands/up.ts")).up,
  },
  down: { summary: "stop that server", load: async () => (await import("./commands/down.ts")).down },
  login: { summary: "use a server", load: async () => (await import("./commands/login.ts")).login },
  logout: { summary: "forget the login", load: async () => (await import("./commands/logout.ts")).logout },
  uninstall: {
    summary: "remove what Windfall has put into this account",
    load: async () => (await import("./commands/uninstall.ts")).uninstall,
  },
  "user invite": {
    summary: "a line that gives somebody all it takes",
    load: async () => (await import("./commands/user-invite.ts")).userInvite,
  },
  "invite ls": {
    summary: "the invitations",
    also: ["invites", "invite list"],
    load: async () => (await import("./commands/invite.ts")).inviteLs,
  },
  "invite rm": {
    summary: "take an invitation back",
    also: ["invite revoke", "invite delete"],
    load: async () => (await import("./commands/invite.ts")).inviteRm,
  },
  "user add": { summary: "give somebody an account", load: async () => (await import("./commands/user.ts")).userAdd },
  "user ls": {
    summary: "the accounts",
    also: ["users", "user list"],
    load: async () => (await import("./commands/user.ts")).userLs,
  },
  "user rm": {
    summary: "remove an account",
    also: ["user remove", "user delete"],
    load: async () => (await import("./commands/user.ts")).userRm,
  },
  "token create": { summary: "make a token", load: async () => (await import("./commands/token.ts")).tokenCreate },
  "token ls": {
    summary: "the tokens, without their secrets",
    also: ["tokens", "token list"],
    load: async () => (await import("./commands/token.ts")).tokenLs,
  },
  "token revoke": {
    summary: "make a token useless",
    also: ["token rm", "token delete"],
    load: async () => (await import("./commands/token.ts")).tokenRevoke,
  },
  "secret set": {
    summary: "store a secret for jobs",
    load: async () => (await import("./commands/secret.ts")).secretSet,
  },
  "secret ls": {
    summary: "the names of your secrets",
    also: ["secrets", "secret list"],
    load: async () => (await import("./commands/secret.ts")).secretLs,
  },
  "secret rm": {
    summary: "remove a secret",
    also: ["secret remove", "secret delete"],
    load: async () => (await import("./commands/secret.ts")).secretRm,
  },
  "notify set": {
    summary: "have somebody told of your jobs",
    load: async () => (await import("./commands/notify.ts")).notifySet,
  },
  "notify show": {
    summary: "whom your jobs tell",
    also: ["notify", "notify ls"],
    load: async () => (await import("./commands/notify.ts")).notifyShow,
  },
  "notify rm": {
    summary: "tell somebody no more",
    also: ["notify remove", "notify delete"],
    load: async () => (await import("./commands/notify.ts")).notifyRm,
  },
  "notify test": {
    summary: "see whether they can be told",
    load: async () => (await import("./commands/notify.ts")).notifyTest,
  },
}

const data: Group = {
  "data add": {
    summary: "store a folder for jobs, or say where hosts have it",
    load: async () => (await import("./commands/data-add.ts")).dataAdd,
  },
  "data ls": {
    summary: "the data jobs can use, and where it lies",
    also: ["data", "data list"],
    load: async () => (await import("./commands/data.ts")).dataLs,
  },
  "data show": {
    summary: "all about one data set: versions, hosts, jobs",
    load: async () => (await import("./commands/data.ts")).dataShow,
  },
  "data rm": {
    summary: "remove data",
    also: ["data remove", "data delete"],
    load: async () => (await import("./commands/data.ts")).dataRm,
  },
}

const help: Group = {
  completion: {
    summary: "a script that lets Tab complete commands, options, jobs and hosts",
    load: async () => (await import("./commands/completion.ts")).completion,
  },
  skill: {
    summary: "how a program, for instance a coding assistant, should drive windfall",
    load: async () => (await import("./commands/skill.ts")).skill,
  },
  complete: {
    summary: "what may stand in the place of the last word; called by the script of completion",
    hidden: true,
    load: async () => (await import("./commands/complete.ts")).complete,
  },
}

/** All there is to type, in the order of the help page. */
export const COMMAND_GROUPS: Readonly<Record<string, Group>> = {
  Jobs: jobs,
  Data: data,
  Hosts: pool,
  "Server and access": access,
  "This command line": help,
}

export interface FoundCommand {
  readonly load: () => Promise<Command>
  /** Typed by programs: nothing but what it is for may be printed. */
  readonly hidden: boolean
  /** The words after the command's own. */
  readonly rest: readonly string[]
}

/** The command that `words` begin with, two words first. */
export function findCommand(words: readonly string[]): FoundCommand | undefined {
  for (const count of [2, 1]) {
    if (words.length < count) continue
    const typed = words.slice(0, count).join(" ")
    for (const group of Object.values(COMMAND_GROUPS)) {
      const listed = Object.hasOwn(group, typed)
        ? group[typed]
        : Object.values(group).find((one) => one.also?.includes(typed))
      if (listed !== undefined) return { load: listed.load, hidden: listed.hidden ?? false, rest: words.slice(count) }
    }
  }
  return undefined
}

/**
 * Whether the words name no command but the room of several: `data`, `notify ...` with a second word that is none of them. The
 * first word alone may be a command too.
 */
export function isRoom(words: readonly string[]): boolean {
  const found = findCommand(words)
  const isWhole = found !== undefined && words.length - found.rest.length > 1
  return !isWhole && namesAll().some((name) => name.startsWith(`${words[0]} `))
}

function namesAll(): string[] {
  return Object.values(COMMAND_GROUPS).flatMap((group) => Object.keys(group))
}
