/** What server and agent say to each other about an examination of a host. */

/** POST /doctor: what the agent is to look at. */
export interface ExaminationRequest {
  /** `look`: what is judged; `record`: all that a record of a Mac has. */
  readonly extent: "look" | "record"
  /** Addresses of other machines on its network that a detached process may try to connect to. */
  readonly addresses: readonly string[]
}

/** The first line of the answer, written as soon as the request is read. */
export interface ExaminationHead {
  readonly platform: "darwin" | "linux"
  readonly agentVersion: string
  /** The host's wall clock when the line was written, ms since 1970. */
  readonly now: number
  /** Versions of uv and of Python that Windfall has brought there. */
  readonly uvVersions: readonly string[]
  readonly pythonVersions: readonly string[]
  readonly diskFreeBytes: number
  /** Names of people, accounts and the machine itself, which a record must not have. Empty in a look. */
  readonly names: readonly string[]
}

/** A line for each probe, as they end. */
export interface ProbeOutput {
  readonly probe: string
  /** ended: by itself; timed_out: it was ended; missing: there is no such command. */
  readonly outcome: "ended" | "timed_out" | "missing"
  /** `null` where a signal ended it, or it never ran. */
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
  /** It printed more than is kept. */
  readonly isCut: boolean
}

/** All an agent said; `{"end":true}` is its last line, without which it is not whole. */
export interface Examination {
  readonly head: ExaminationHead
  readonly outputs: readonly ProbeOutput[]
}

/** All lines of an answer together, in characters as they are sent: what would be more is sent as cut. A server takes somewhat more. */
export const MOST_ANSWER_CHARACTERS = 12 * 1024 * 1024
/** Of one output of a look, in bytes: such commands print some ten thousand, and what is judged takes the server's time. */
export const MOST_LOOK_BYTES = 256 * 1024
/** Of one output, in characters: more is cut. `ioreg` of a Mac with many processes at its GPU has some hundred thousand. */
export const MOST_OUTPUT_CHARACTERS = 1024 * 1024
