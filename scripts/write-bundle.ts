import { mkdir, rename, rm, writeFile } from "node:fs/promises"
import { dirname } from "node:path"
import { type InputOptions, rolldown } from "rolldown"

/** Bundles a program for Node into the one file `into`, which appears whole. The same sources always give the same bytes. */
export async function writeBundle(
  options: Pick<InputOptions, "input" | "external" | "plugins">,
  into: string,
): Promise<void> {
  const bundle = await rolldown({ ...options, platform: "node", logLevel: "warn" })
  const { output } = await bundle.generate({ format: "esm", minify: true, codeSplitting: false })
  await bundle.close()
  const [chunk] = output
  await mkdir(dirname(into), { recursive: true })
  const beside = `${into}.${process.pid}`
  try {
    await writeFile(beside, inAscii(chunk.code))
    await rename(beside, into)
  } finally {
    await rm(beside, { force: true })
  }
}

/**
 * The same program in ASCII: V8 keeps the source of a running program, with two bytes for each character as soon as one is
 * beyond Latin-1. Only strings and patterns have such characters in what is bundled here, and there an escape says the same.
 */
function inAscii(code: string): string {
  return code.replace(/[^\0-\x7f]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`)
}
