import type { JobSpec } from "../../protocol/job.ts"
import { lastingObstacles } from "../../scheduler/obstacle.ts"
import { describeObstacle } from "../../scheduler/obstacle-text.ts"
import type { Shape } from "../../scheduler/shape.ts"
import type { Core } from "../core.ts"
import type { FleetHost } from "../fleet/fleet-host.ts"

const MOST_NAMED = 3

/** Hosts that are too small for the job only by what their rules keep of the memory, in words; `null`: there are none. */
export function keepersText(core: Core, spec: JobSpec, hosts: readonly FleetHost[]): string | null {
  const { resources, partition } = spec
  // Who sends it, where and with what data is looked at elsewhere.
  const shape: Shape = {
    user: "",
    resources,
    partition,
    hostWanted: null,
    hasSecrets: false,
    data: [],
    workspace: null,
  }
  const texts = [...core.fleet.schedulable()]
    .filter(({ id }) => hosts.some(({ record }) => record.id === id))
    .flatMap((host) => {
      const found = lastingObstacles(shape, { ...host, users: null, partitions: [partition] })
      const [first] = found
      const isKept = found.length === 1 && first?.code === "memory_too_small" && first.keeps !== undefined
      return isKept ? [`${host.name}: ${describeObstacle(first, host, shape, core.clock.now())}`] : []
    })
  if (texts.length === 0) return null
  const more = texts.length > MOST_NAMED ? `; and ${texts.length - MOST_NAMED} more` : ""
  return texts.slice(0, MOST_NAMED).join("; ") + more
}
