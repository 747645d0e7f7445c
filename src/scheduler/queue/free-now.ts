import type { Resources } from "../../protocol/resources.ts"
import { totalOf } from "./attempt-room.ts"
import type { QueueScene } from "./queue-scene.ts"

/** What is free on hosts now, each alone. */
export function freeNow({ hosts, running }: Pick<QueueScene, "hosts" | "running">): readonly Resources[] {
  return hosts.map((host) => {
    const { id } = host
    let { memoryBytes, gpus, cores } = totalOf(host)
    for (const { hosts: on, resources } of running) {
      if (!on.includes(id)) continue
      memoryBytes -= resources.memoryBytes
      gpus -= resources.gpus
      cores -= resources.cores
    }
    return { memoryBytes, gpus, cores }
  })
}
