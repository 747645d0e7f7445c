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
    await writeFile(beside, chunk.code)
    await rename(beside, into)
  } finally {
    await rm(beside, { force: true })
  }
}
