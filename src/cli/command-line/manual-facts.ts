/** What a manual page says beyond its command's own table. */
export interface ManualFacts {
  readonly exitCodes?: readonly (readonly [code: string, meaning: string])[]
  readonly files?: readonly (readonly [path: string, meaning: string])[]
  readonly seeAlso?: readonly string[]
}

/** Of every command. */
export const EXIT_CODES = [
  ["0", "it was done"],
  ["2", "refused: nothing was changed; the second line says what to do"],
  ["125", "Windfall or a host failed, or nobody knows whether it was done"],
] as const

/** Of those that stay with a job: the job's own, and these. */
export const JOB_EXIT_CODES = [
  ["0", "the job succeeded; or it was left to run on"],
  ["1...255", "the job's own exit code, 128+n where signal n ended it"],
  ["2", "the job was never accepted: nothing happened"],
  ["124", "its time limit"],
  ["125", "Windfall or the host failed, the last line says how; or its files could not all be had"],
  ["129", "the terminal went away; the job goes on"],
  ["130", "somebody stopped it"],
  ["141", "who reads the output is gone; the job goes on"],
] as const

const LOGIN = ["~/.config/windfall/login.json", "which server, and the token"] as const
const SSH = ["~/.config/windfall/ssh/", "the key, the lines for ssh, and the host keys of jobs"] as const
const DETACHED = ["~/.local/state/windfall/detached/", "jobs left to run, and where their files belong"] as const
const IGNORED = [".gitignore, .windfallignore", "what of a folder does not travel"] as const

export const MANUAL_FACTS: Readonly<Record<string, ManualFacts>> = {
  send: {
    exitCodes: JOB_EXIT_CODES,
    files: [IGNORED, DETACHED],
    seeAlso: ["apply", "attach", "get", "forward", "why", "ps"],
  },
  apply: { exitCodes: JOB_EXIT_CODES, files: [["windfall.yml", "the job file"], IGNORED], seeAlso: ["send"] },
  attach: { exitCodes: JOB_EXIT_CODES, files: [DETACHED], seeAlso: ["logs", "wait", "get"] },
  rerun: { exitCodes: JOB_EXIT_CODES, seeAlso: ["send"] },
  wait: { exitCodes: JOB_EXIT_CODES, seeAlso: ["attach", "ps"] },
  shell: { exitCodes: JOB_EXIT_CODES, seeAlso: ["ssh-config", "forward", "attach"] },
  ps: { seeAlso: ["show", "why", "host ls"] },
  show: { seeAlso: ["why", "logs", "events"] },
  why: { seeAlso: ["show", "host ls"] },
  "host ls": { seeAlso: ["top", "host show", "ps"] },
  "host show": { seeAlso: ["host ls", "facts"] },
  top: { seeAlso: ["host ls", "ps"] },
  "model serve": {
    exitCodes: [["1", "it does not answer, and is not tried any more: windfall model show says why"]],
    seeAlso: ["model plan", "model show", "key create", "chat"],
  },
  "model pull": { seeAlso: ["model where", "model serve", "data rm"] },
  chat: { seeAlso: ["model ls", "model serve"] },
  logs: { seeAlso: ["attach", "show"] },
  get: { files: [DETACHED], seeAlso: ["attach"] },
  forward: { seeAlso: ["ssh-config", "shell", "send"] },
  "ssh-config": {
    files: [SSH, ["~/.ssh/config", "gets one Include line with --install"]],
    seeAlso: ["forward", "shell"],
  },
  login: { files: [LOGIN], seeAlso: ["up", "logout", "token create"] },
  logout: { files: [LOGIN], seeAlso: ["login"] },
  up: { seeAlso: ["down", "host add", "user add"] },
  facts: {
    exitCodes: [
      ["0", "all files were read and recognised"],
      ["1", "one could not be read, or looks like no output that is known"],
      ["2", "a name is wrong: nothing was read"],
    ],
    files: [["FOLDER/windfall-record.json", "says that all files of the folder are of one Mac"]],
    seeAlso: ["doctor"],
  },
  doctor: {
    exitCodes: [
      ["0", "there is no problem; there may be warnings, and what could not be found out"],
      ["1", "there is a problem"],
      ["2", "the host cannot be examined, or the folder is not empty: nothing was written"],
    ],
    files: [["FOLDER/windfall-record.json", "what was run, and how many values of each kind were masked"]],
    seeAlso: ["facts", "events", "host show"],
  },
  completion: { seeAlso: ["skill"] },
  skill: { seeAlso: ["completion"] },
}
