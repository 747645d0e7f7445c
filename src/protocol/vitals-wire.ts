import type { Vitals } from "./vitals.ts"

/** What an agent tells of how its host is. A part of `AgentMessage`. */
export type VitalsNews =
  /** After `hello`, then once a minute, and more often while something runs. The latest counts; a repeat changes nothing. */
  { readonly type: "vitals"; readonly vitals: Vitals }
