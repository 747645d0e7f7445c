import type { FolderRecord } from "../workspace/folder-record.ts"
import { loadRecord, saveRecord } from "../workspace/record-codec.ts"
import { fs, path } from "./builtin.ts"
import { isMissing, type Settings, writePrivate } from "./config.ts"

/**
 * A job that was sent from here and left to run: where its files belong, and what was sent. One file a job, so that
 * commands running side by side cannot overwrite each other's.
 */
export interface RememberedJob {
  readonly job: number
  readonly name: string | null
  /** The folder that was sent. */
  readonly folder: string
  /** Its end has been told. */
  readonly told: boolean
}

/** Where the jobs of one server are remembered; absent when there are none. */
export function rememberedFolder(settings: Settings, url: string): string {
  return path.join(settings.stateFolder, "detached", encodeURIComponent(url).slice(0, 200))
}

/** Remembers a job, with the record of what was sent, against which changes are told from outputs later. */
export function rememberJob(settings: Settings, url: string, job: RememberedJob, sent: FolderRecord | undefined): void {
  const base = path.join(rememberedFolder(settings, url), String(job.job))
  writePrivate(`${base}.json`, `${JSON.stringify(job)}\n`)
  if (sent !== undefined) saveRecord(`${base}.sent`, sent, String(job.job))
}

/** What is remembered of a job, or `undefined`. */
export function recallJob(settings: Settings, url: string, job: number): RememberedJob | undefined {
  return readOne(path.join(rememberedFolder(settings, url), `${job}.json`))
}

/** The record of what was sent for a remembered job. */
export function recallSent(settings: Settings, url: string, job: number): FolderRecord | undefined {
  return loadRecord(path.join(rememberedFolder(settings, url), `${job}.sent`))?.record
}

/** All remembered jobs of one server, oldest first. */
export function recallJobs(settings: Settings, url: string): RememberedJob[] {
  const folder = rememberedFolder(settings, url)
  let names: string[]
  try {
    names = fs.readdirSync(folder)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
  return names
    .filter((name) => name.endsWith(".json"))
    .map((name) => readOne(path.join(folder, name)))
    .filter((one) => one !== undefined)
    .sort((a, b) => a.job - b.job)
}

/** Forgets a job: its files are home, or nobody waits for them. */
export function forgetJob(settings: Settings, url: string, job: number): void {
  const base = path.join(rememberedFolder(settings, url), String(job))
  for (const file of [`${base}.json`, `${base}.sent`]) fs.rmSync(file, { force: true })
}

function readOne(file: string): RememberedJob | undefined {
  try {
    const one = JSON.parse(fs.readFileSync(file, "utf8")) as Partial<RememberedJob>
    if (typeof one.job !== "number" || typeof one.folder !== "string") return undefined
    return { job: one.job, name: one.name ?? null, folder: one.folder, told: one.told === true }
  } catch {
    // Being written, or damaged: it is only a reminder.
    return undefined
  }
}
