import { fs, path } from "./builtin.ts"
import { detachedFolder, type Settings, writePrivate } from "./config.ts"

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
  return path.join(detachedFolder(settings), encodeURIComponent(url).slice(0, 200))
}

/**
 * Remembers a job. Where nothing can be written, nothing is remembered: `get` then brings its files to the folder one is in.
 * That must never become the failure of a job.
 */
export function rememberJob(settings: Settings, url: string, job: RememberedJob): void {
  try {
    writePrivate(fileOf(settings, url, job.job), `${JSON.stringify(job)}\n`)
  } catch {
    // Only a reminder.
  }
}

/** What is remembered of a job, or `undefined`. */
export function recallJob(settings: Settings, url: string, job: number): RememberedJob | undefined {
  return readOne(fileOf(settings, url, job))
}

/** All remembered jobs of one server, oldest first. */
export function recallJobs(settings: Settings, url: string): RememberedJob[] {
  const folder = rememberedFolder(settings, url)
  let names: string[]
  try {
    names = fs.readdirSync(folder)
  } catch {
    // None there, or none to be read: they are only reminders.
    return []
  }
  return names
    .filter((name) => name.endsWith(".json"))
    .map((name) => readOne(path.join(folder, name)))
    .filter((one) => one !== undefined)
    .sort((a, b) => a.job - b.job)
}

/** Forgets a job: its files are home, or nobody waits for them. */
export function forgetJob(settings: Settings, url: string, job: number): void {
  try {
    fs.rmSync(fileOf(settings, url, job), { force: true })
  } catch {
    // Where it cannot be removed, it is told once more at most.
  }
}

function fileOf(settings: Settings, url: string, job: number): string {
  return path.join(rememberedFolder(settings, url), `${job}.json`)
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
