import type { Scene } from "../../presence/obstacle.ts"
import { ruleViews } from "../../presence/rules-held.ts"
import type { AttemptState } from "../../protocol/job.ts"
import type { MacView } from "../../protocol/mac-view.ts"
import type { HostPresence } from "../../protocol/owner.ts"
import type { JobThere } from "../../protocol/owner-api.ts"
import type { Attempt } from "../attempt.ts"
import type { Said } from "./said.ts"

export interface MacViewFacts {
  readonly said: Pick<Said, "terms" | "lever">
  readonly scene: Pick<Scene, "policy" | "timeZone">
  readonly presence: HostPresence
  readonly attempts: Iterable<Attempt>
  /** What the machine calls itself, for as long as no server has named it. */
  readonly hostname: string
  readonly closed: string | null
}

/** How this Mac stands, as its agent alone knows it. */
export function macView({ said, scene, presence, attempts, hostname, closed }: MacViewFacts): MacView {
  const { terms, lever } = said
  return {
    host: null,
    name: terms?.host ?? hostname,
    fleet: null,
    owner: terms?.owner ?? null,
    consoleAccount: terms?.consoleAccount ?? null,
    presence,
    obstacles: presence.obstacles,
    lever,
    preset: scene.policy.preset,
    policy: ruleViews(scene.policy, lever.rules),
    closed,
    timeZone: scene.timeZone,
    jobs: [...attempts].filter(({ phase }) => phase !== "ended").map(jobThere),
    heard: "now",
    answeredBy: "mac",
  }
}

function jobThere(attempt: Attempt): JobThere {
  const { job, order, startedAt, suspension } = attempt
  const { stopped } = suspension
  return {
    job,
    name: order?.jobName ?? null,
    user: order?.user ?? "somebody",
    state: stateOf(attempt),
    since: startedAt,
    suspended: stopped === null ? null : { since: stopped.at, ...stopped.why },
    memoryBytes: order?.lease.memoryBytes ?? null,
    usesGpu: (order?.lease.gpus ?? 0) > 0,
  }
}

/** As the server calls it. */
function stateOf({ phase, status, suspension }: Attempt): AttemptState {
  if (status !== null) return "finishing"
  if (phase === "preparing" || phase === "launching") return "starting"
  return suspension.stopped === null ? "running" : "suspended"
}
