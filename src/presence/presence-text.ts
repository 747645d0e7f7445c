import { formatDuration } from "../base/duration.ts"
import { type Moment, msBetween } from "./moment.ts"
import type { Presence } from "./presence.ts"
import type { Sign } from "./sign.ts"

/** What is known of who is at a Mac, in words: "here (typing)", "away for 42m 00s", "not known: ...". */
export function presenceText(presence: Presence, now: Moment): string {
  switch (presence.state) {
    case "here":
      return `here (${signText(presence.sign)})`
    case "away":
      return `away for ${formatDuration(Math.max(0, msBetween(presence.since, now)))}`
    case "unknown":
      return `not known: ${presence.reason}`
  }
}

export function signText(sign: Sign): string {
  switch (sign.code) {
    case "input":
      return "keyboard or mouse in use"
    case "uncounted_input":
      return "keyboard in use, with remapped keys"
    case "display_held":
      return `${sign.process} keeps the display on`
    case "remote_login":
      return `${sign.user} is logged in from ${sign.from}`
  }
}
