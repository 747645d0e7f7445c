import type { NetworkNews } from "./network-wire.ts"
import type { OwnerNews } from "./owner-wire.ts"
import type { SleptNews } from "./sleep-wire.ts"
import type { VitalsNews } from "./vitals-wire.ts"

/** What an agent tells of its host by itself, besides jobs: each kind in a file of its own. A part of `AgentMessage`. */
export type HostNews = OwnerNews | VitalsNews | SleptNews | NetworkNews
