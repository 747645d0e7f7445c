import assert from "node:assert/strict"
import { test } from "node:test"
import type { StoredDataView } from "../../protocol/data-api.ts"
import type { ModelView } from "../../protocol/model-api.ts"
import { weightsWhere } from "./weights-where.ts"

const model = (name: string, data: string) =>
  ({ name, weights: { data, version: 1, file: null, bytes: 5 } }) as unknown as ModelView
const own = [
  { name: "mine", versions: [{ version: 1, bytes: 7, hosts: ["mac-1"], coming: [] }] },
] as unknown as readonly StoredDataView[]

test("what is served of data that one may not see is told, without its hosts", () => {
  const models = [model("a", "mine"), model("b", "hers"), model("c", "hers")]
  assert.deepEqual(weightsWhere(own, models), [
    { data: "mine", version: 1, bytes: 7, hosts: ["mac-1"], coming: [], models: ["a"] },
    { data: "hers", version: 1, bytes: 5, hosts: null, coming: [], models: ["b", "c"] },
  ])
  assert.deepEqual(
    weightsWhere([], models).map(({ models: names }) => names),
    [["a"], ["b", "c"]],
  )
})
