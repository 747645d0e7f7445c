import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import type { LabHost } from "../lab/lab.ts"
import type { Ground } from "./ground.ts"

const LOOK_MS = 100

/**
 * Waits until a host whose jobs are over, and whose data was removed, has nothing of them: what is not used any more goes in the
 * background. @throws with what is left when it has not gone by then
 */
export async function untilNothingIsLeft(ground: Ground, host: LabHost, limitMs: number): Promise<void> {
  const endAt = performance.now() + limitMs
  for (;;) {
    const left = leftOn(ground, host)
    if (left.length === 0) return
    if (performance.now() > endAt) throw new Error(`On ${host.name} is left: ${left.join(", ")}`)
    await sleep(LOOK_MS)
  }
}

function leftOn({ pool }: Ground, host: LabHost): string[] {
  const base = join(host.files, ".windfall", "servers", pool.server.id)
  const within = (folder: string) => readdirSync(join(base, folder)).map((name) => `${folder}/${name}`)
  const unready = within("environments").filter((path) => !existsSync(join(base, path.replace(/\.lock$/, ""), "ready")))
  const processes = host.processes().filter(({ command }) => /^perl -e|\/uv |^windfall environment/.test(command))
  return [
    ...["attempts", "trash", "data/trees", "data/whole"].flatMap(within),
    ...unready,
    ...processes.map(({ command }) => command.slice(0, 80)),
  ]
}
