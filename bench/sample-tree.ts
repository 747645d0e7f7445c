import { closeSync, mkdirSync, openSync, writeSync } from "node:fs"
import { join } from "node:path"

const MEAN_BYTES = 53_700

/** Makes a tree of `files` files, on the average 54 KB each: 20,000 of them are 1 GB. */
export function makeSampleTree(tree: string, files: number): void {
  const noise = Buffer.alloc(1024 * 1024)
  for (let i = 0; i < noise.length; i += 4) noise.writeUInt32LE(Math.imul(i, 2654435761) >>> 0, i)
  for (let i = 0; i < files; i++) {
    const folder = join(tree, `package-${Math.floor(i / 100)}`, `section-${Math.floor(i / 20) % 5}`)
    if (i % 20 === 0) mkdirSync(folder, { recursive: true })
    const bytes = 1000 + ((i * 7919) % (2 * MEAN_BYTES - 2000))
    const file = openSync(join(folder, `sample-${i % 20}`), "w")
    writeSync(file, `${i}\n`)
    writeSync(file, noise, i % 1000, bytes)
    closeSync(file)
  }
}

/** A file in every such tree. */
export const CHANGED_FILE = "package-0/section-1/sample-7"
