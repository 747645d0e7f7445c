// Publishes the job file's JSON schema. A test says when it has to be run again.
import { writeFileSync } from "node:fs"
import { jobFileSchema } from "../src/protocol/job-schema.ts"

writeFileSync(new URL("../docs/windfall.schema.json", import.meta.url), `${JSON.stringify(jobFileSchema(), null, 2)}\n`)
