import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import type { LabHost } from "../lab/lab.ts"
import type { Ground } from "./ground.ts"

const LOOK_MS = 100
/** Changes of what a host holds are told when they are larger than a twentieth. */
const TOLD_WITHIN = 0.06

/**
 * Waits until a host whose jobs are over, and whose data was removed, has nothing of them: what is not used any more goes in the
 * background. What it says that it holds must be what it holds. @throws with what is left when it has not gone by then
 */
export async function untilNothingIsLeft(ground: Ground, host: LabHost, limitMs: number): Promise<void> {
  const endAt = performance.now() + limitMs
  for (;;) {
    let left = leftOn(ground, host)
    if (left.length === 0) left = await wronglyTold(ground, host)
    if (left.length === 0) return
    if (performance.now() > endAt) throw new Error(`On ${host.name} is left: ${left.join(", ")}`)
    await sleep(LOOK_MS)
  }
}

function leftOn(ground: Ground, host: LabHost): string[] {
  const base = folderOn(ground, host)
  const within = (folder: string) => readdirSync(join(base, folder)).map((name) => `${folder}/${name}`)
  const unready = within("environments").filter((path) => !existsSync(join(base, path.replace(/\.lock$/, ""), "ready")))
  const processes = host.processes().filter(({ command }) => /^perl -e|\/uv |^windfall environment/.test(command))
  return [
    ...["attempts", "trash", "data/trees", "data/whole"].flatMap(within),
    ...unready,
    ...processes.map(({ command }) => command.slice(0, 80)),
  ]
}

async function wronglyTold(ground: Ground, host: LabHost): Promise<string[]> {
  const base = folderOn(ground, host)
  const names = (folder: string) => readdirSync(join(base, folder), { recursive: true }).map(String)
  const environments = readdirSync(join(base, "environments")).filter((name) => !name.endsWith(".lock"))
  const there = {
    data: sum(names("data/blobs").map((name) => /\.(\d+)$/.exec(name)?.[1] ?? 0)),
    environments: sum(
      // Bytes, and when it was built.
      environments.map((name) => readFileSync(join(base, "environments", name, "ready"), "utf8").split(" ")[0] ?? ""),
    ),
  }
  const { disk } = await ground.pool.host(host.name)
  return (["data", "environments"] as const).flatMap((kind) => {
    const told = disk?.held[kind] ?? 0
    const isRight = Math.abs(told - there[kind]) <= TOLD_WITHIN * Math.max(told, there[kind])
    return isRight ? [] : [`${kind} of ${there[kind]} bytes, told as ${told}`]
  })
}

function folderOn({ pool }: Ground, host: LabHost): string {
  return join(host.files, ".windfall", "servers", pool.server.id)
}

function sum(numbers: readonly (string | number)[]): number {
  return numbers.reduce<number>((all, each) => all + Number(each), 0)
}
