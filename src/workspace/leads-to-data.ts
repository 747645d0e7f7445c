import * as fs from "node:fs"
import * as path from "node:path"

/**
 * Tells links of a job's folder that lead to data, or into it, from all else: by what they say, and by where they end. So one is
 * known too that the job has moved, or made itself by the data's path in its folder.
 */
export function leadsToData(
  work: string,
  data: readonly { readonly path: string; readonly target: string }[],
): (at: string) => boolean {
  const tops = data.flatMap(({ path: seen, target }) => [path.join(work, seen), target, real(target) ?? target])
  const isIn = (place: string) => tops.some((top) => place === top || place.startsWith(`${top}/`))
  return (at) => {
    const link = path.join(work, at)
    let said: string
    try {
      said = fs.readlinkSync(link)
    } catch {
      return false // no link
    }
    if (isIn(path.resolve(path.dirname(link), said))) return true
    const end = real(link)
    return end !== undefined && isIn(end)
  }
}

function real(at: string): string | undefined {
  try {
    return fs.realpathSync(at)
  } catch {
    return undefined
  }
}
