import { WindfallError } from "../../protocol/errors.ts"
import { planQueue } from "../../scheduler/queue/plan-queue.ts"
import { readScene, type SceneReading } from "../../scheduler/queue-file/read-scene.ts"
import { command } from "../command-line/command.ts"
import { flag, value } from "../command-line/option.ts"
import { type InputKind, inputName, readInput } from "../read-input.ts"
import { planJson } from "../render/plan-json.ts"
import { planText } from "../render/plan-text.ts"
import { printJson } from "../say.ts"

const SNAPSHOT: InputKind = {
  what: "a described cluster and queue",
  maxBytes: 256 * 1024 * 1024,
  tooLarge: (name) => new WindfallError("too_large", `Cannot read ${name}: it has more than 256 MB`),
  missingHint: "docs/policy-formats.md has the format",
}

const MOST_PROBLEMS = 20

export const policyPlan = command({
  name: "policy plan",
  operands: "FILE|-...",
  about:
    "Prints the plan for a described cluster, queue and moment, without a server: each start, reservation and preemption, and why each other job waits, host by host. What a file can say is in docs/policy-formats.md.",
  minimum: 1,
  maximum: 10_000,
  options: {
    json: flag("print all of it as JSON, an object on a line for each file"),
    estimates: flag("also say about when jobs may start for which nothing is kept"),
    job: value("JOBS", "only these jobs: numbers with commas", (typed) => jobsOf(typed)),
  },
  examples: [
    ["windfall policy plan snapshot.json", "who starts, who has a time, who waits and why"],
    [`echo '{"now":0,"hosts":"mac","jobs":[{}]}' | windfall policy plan -`, "a small one"],
    ["windfall policy plan snapshot.json --job 17", "one job, with the sum of its priority"],
  ],
  async run(cli, options, files) {
    // All of them, before anything is printed: what cannot be read is refused.
    const scenes = files.map(
      (file) => [inputName(file), sceneOf(readInput(cli, file, SNAPSHOT), inputName(file))] as const,
    )
    const only = options.job === undefined ? null : new Set(options.job)
    for (const [name, { scene, nowMs, estimates }] of scenes) {
      const unknown = [...(only ?? [])].find((job) => !scene.waiting.some(({ id }) => id === job))
      if (unknown !== undefined)
        throw new WindfallError("job_not_found", `Cannot show job ${unknown}: it does not wait in ${name}`)
      const plan = planQueue(scene, nowMs, { estimates: estimates || options.estimates })
      if (options.json) await printJson(cli, planJson(scene, plan, only))
      else await cli.stdout.write(`${scenes.length > 1 ? `${name}:\n` : ""}${planText(scene, plan, only)}`)
    }
    return 0
  },
})

function sceneOf(text: string, name: string): Extract<SceneReading, { problems: null }> {
  const read = readScene(text)
  if (read.scene !== null) return read
  const shown = read.problems.slice(0, MOST_PROBLEMS)
  if (read.problems.length > MOST_PROBLEMS) shown.push(`and ${read.problems.length - MOST_PROBLEMS} more`)
  const what = shown.length === 1 ? `: ${shown[0]}` : `: ${read.problems.length} problems\n  ${shown.join("\n  ")}`
  throw new WindfallError("invalid_input", `Cannot read ${name}${what}`, {
    hint: "docs/policy-formats.md has the format",
    details: { problems: read.problems },
  })
}

function jobsOf(typed: string): readonly number[] {
  const jobs = typed.split(",").map(Number)
  if (jobs.every((job) => Number.isInteger(job) && job > 0)) return jobs
  throw new SyntaxError(`"${typed}" is no list of jobs: write for instance 17 or 17,18`)
}
