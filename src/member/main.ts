/**
 * The member of a hive: `node member.mjs [hive.json]`, on each host of the hive, in the job's folder and environment. docs/hive-members.md says what
 * it reads and prints.
 */
import { randomBytes } from "node:crypto"
import { readFileSync } from "node:fs"
import { systemClock } from "../base/clock.ts"
import { hearEnds } from "./asked-to-end.ts"
import { runMember } from "./run-member.ts"

const { asked, hurried } = hearEnds(process, process.env.WINDFALL_STOP_FILE)
// Who reads may be gone; that is no reason to leave an engine behind.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {})

const exitCode = await runMember({
  read: () => readFileSync(process.argv[2] ?? "hive.json", "utf8"),
  pid: process.pid,
  environment: process.env,
  clock: systemClock(),
  random: randomBytes,
  print: (line) => process.stdout.write(`${line}\n`),
  log: (line) => process.stderr.write(`${line}\n`),
  asked,
  hurried,
})
// Sockets that nobody needs any more must not keep it.
process.stdout.write("", () => process.stderr.write("", () => process.exit(exitCode)))
