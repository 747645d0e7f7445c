import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { findFileFaults } from "./check-files.ts"
import { findImportFaults, importsOf } from "./check-imports.ts"

describe("findImportFaults()", () => {
  const faultsOf = (path: string, text: string) => findImportFaults([{ path, text }])

  it("lets rooms import from themselves and downward only", () => {
    assert.deepEqual(faultsOf("src/server/jobs/a.ts", 'import { b } from "../../store/b.ts"'), [])
    assert.deepEqual(faultsOf("src/store/a.ts", 'import { b } from "./migrations/b.ts"'), [])
    assert.equal(faultsOf("src/store/a.ts", 'import { b } from "../server/b.ts"').length, 1)
    assert.equal(faultsOf("src/agent/a.ts", 'export * from "../ssh/b.ts"').length, 1)
    assert.equal(faultsOf("src/cli/a.ts", 'const b = await import("../server/b.ts")').length, 1)
    assert.equal(faultsOf("src/attic/a.ts", "").length, 1)
  })

  it("lets the store know the scheduler's types, not its code", () => {
    assert.deepEqual(faultsOf("src/store/a.ts", 'import type { Lease } from "../scheduler/snapshot.ts"'), [])
    assert.equal(faultsOf("src/store/a.ts", 'import { plan } from "../scheduler/plan.ts"').length, 1)
  })

  it("keeps Node and packages out of pure rooms", () => {
    assert.equal(faultsOf("src/protocol/a.ts", 'import { join } from "node:path"').length, 1)
    assert.equal(faultsOf("src/scheduler/a.ts", 'import "kysely"').length, 1)
    assert.deepEqual(faultsOf("src/scheduler/a.test.ts", 'import fc from "fast-check"'), [])
  })

  it("keeps tests' support out of the product", () => {
    assert.equal(faultsOf("src/cli/a.ts", 'import { lab } from "../../test/lab/lab.ts"').length, 1)
  })

  it("is not misled by comments and other strings", () => {
    const text = `
      /** import { a } from "../a.ts" */
      // import { b } from "../b.ts"
      import {
        type C,
        d,
      } from "./c.ts"
      export const from = "e"
      export interface F { readonly kind: "g" }`
    assert.deepEqual(
      importsOf(text).map(({ specifier }) => specifier),
      ["./c.ts"],
    )
  })
})

describe("findFileFaults()", () => {
  const faultsOf = (path: string, text = "") => findFileFaults([{ path, text }])

  it("refuses long files and names that say nothing", () => {
    assert.equal(faultsOf("src/cli/a.ts", "\n".repeat(301)).length, 1)
    for (const path of ["src/cli/utils.ts", "src/helpers/a.ts", "src/cli/types.ts", "src/server/job-manager.ts"]) {
      assert.equal(faultsOf(path).length, 1, path)
    }
    assert.deepEqual(faultsOf("src/cli/command-list.ts", "\n".repeat(300)), [])
  })
})
