import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { WindfallError } from "../../protocol/errors.ts"
import { dataNameProblem } from "../../protocol/job-data.ts"
import { chooseFiles, filesOfIndex, INDEX_FILE } from "./choose-files.ts"
import { usualDataName } from "./data-name.ts"
import { ggufChoices } from "./gguf-choices.ts"
import { type HubListing, hashFromEtag, readRevision, readTreePage } from "./listing.ts"
import { quantisationOf } from "./quantisation.ts"
import { isRepository, readRepository } from "./repository.ts"

const COMMIT = "c".repeat(40)

function listing(...paths: string[]): HubListing {
  return {
    repository: "lab/Tiny-8B-GGUF",
    commit: COMMIT,
    files: paths.map((path) => ({ path, bytes: 1e9, hash: { kind: "sha256", hex: "a".repeat(64) } })),
  }
}

function chosen(of: HubListing, pick: string | null, index: readonly string[] | null = null) {
  const files = chooseFiles(of, pick, index)
  return files === "index" ? files : files.files.map(({ path }) => path)
}

const refuses = (code: string, message: RegExp, hint: RegExp) => (error: unknown) => {
  assert.ok(error instanceof WindfallError && error.code === code, String(error))
  assert.match(error.message, message)
  assert.match(error.hint ?? "", hint)
  return true
}

const QUANTS = ["Q4_K_M", "Q8_0", "IQ2_XXS", "UD-Q4_K_XL", "BF16", "MXFP4_MOE", "Q3_K_S", "TQ1_0"] as const
const DOWNLOADS = ["Tiny-8B-Q4_K_M.gguf", "Tiny-8B-Q8_0.gguf", "Tiny-8B-Q4_K_S.gguf", "mmproj-F16.gguf", "README.md"]

describe("what is fetched of a repository", () => {
  it("is the one GGUF file that was picked, by quantisation in any case or by file", () => {
    const of = listing(...DOWNLOADS)
    for (const pick of ["Q4_K_M", "q4_k_m", "Tiny-8B-Q4_K_M.gguf"])
      assert.deepEqual(chosen(of, pick), ["Tiny-8B-Q4_K_M.gguf", "mmproj-F16.gguf"])
    assert.deepEqual(chosen(listing("tiny.gguf", "notes.txt"), null), ["tiny.gguf"])
  })

  it("brings along one projector of images, its own, half as precise as it could be; or none, where that is asked for", () => {
    const model = "google_gemma-3-4b-it-Q4_K_M.gguf"
    const precise = ["f32", "bf16", "Q8_0", "f16"].map((one) => `mmproj-google_gemma-3-4b-it-${one}.gguf`)
    for (let left = precise.length; left > 0; left--)
      assert.deepEqual(chosen(listing(model, ...precise.slice(0, left)), null)[1], precise[left - 1])
    for (const name of ["mmproj-model-f16.gguf", "mmproj-BF16.gguf", "gemma-3-4b-it.mmproj-Q8_0.gguf", "x-mmproj.gguf"])
      assert.deepEqual(chosen(listing(model, name), null), [model, name])
    assert.deepEqual(chosen(listing(`Q4_K_M/${model}`, "mmproj-F16.gguf"), null), [
      `Q4_K_M/${model}`,
      "mmproj-F16.gguf",
    ])
    const two = ["Qwen3-VL-8B-Q8_0.gguf", "Qwen3-VL-4B-Q8_0.gguf"]
    const theirs = ["mmproj-Qwen3-VL-4B-F16.gguf", "mmproj-Qwen3-VL-8B-Q8_0.gguf", "mmproj-F16.gguf"]
    assert.deepEqual(chosen(listing(...two, ...theirs), two[0]!), [two[0], theirs[1]])
    assert.deepEqual(chosen(listing(...two, "mmproj-F16.gguf"), two[0]!), [two[0]], "whose it is nobody knows")
    const without = chooseFiles(listing(model, ...precise), null, null, false)
    assert.deepEqual(without === "index" ? without : without.files.map(({ path }) => path), [model])
  })

  it("is none where several could be meant, and near names are offered", () => {
    const of = listing(...DOWNLOADS)
    assert.throws(
      () => chosen(of, null),
      refuses("invalid_input", /it has 3 models/, /Q4_K_M \(954 MB\), Q4_K_S .*Q8_0/),
    )
    assert.throws(() => chosen(of, "Q4_KM"), refuses("file_not_found", /"Q4_KM"/, /Did you mean Q4_K_M\?/))
    assert.throws(
      () => chosen(of, "xyz"),
      refuses("file_not_found", /no such model/, /^There are: Q4_K_M, Q4_K_S, Q8_0$/),
    )
    const both = listing("a-Q8_0.gguf", "b-Q8_0.gguf")
    assert.throws(() => chosen(both, "Q8_0"), refuses("invalid_input", /2 models/, /a-Q8_0\.gguf/))
    assert.deepEqual(chosen(both, "b-Q8_0.gguf"), ["b-Q8_0.gguf"])
  })

  it("is offered with its size in units that fit it, as sizes are written everywhere", () => {
    const { files, ...rest } = listing("Tiny-Q4_K_M.gguf", "Tiny-Q8_0.gguf", "Tiny-BF16.gguf")
    const sizes = [700_000, 30e6, 48e9]
    const of = { ...rest, files: files.map((file, at) => ({ ...file, bytes: sizes[at] ?? 0 })) }
    assert.throws(
      () => chooseFiles(of, null, null),
      refuses("invalid_input", /3 models/, /BF16 \(45 GB\), Q4_K_M \(684 KB\), Q8_0 \(29 MB\)/),
    )
  })

  it("is all parts of a model in several, also of one in a folder; and none where a part is missing", () => {
    const parts = [1, 2, 3].map((n) => `Q4_K_M/Tiny-Q4_K_M-0000${n}-of-00003.gguf`)
    const of = listing("Q8_0/Tiny-Q8_0.gguf", ...parts.toReversed())
    assert.deepEqual(chosen(of, "q4_k_m"), parts)
    assert.deepEqual(chosen(of, "Tiny-Q4_K_M-00002-of-00003.gguf"), parts)
    assert.throws(() => chosen(listing(parts[0]!, parts[2]!), "Q4_K_M"), /lacks its part .*00002-of-00003/)
  })

  it("is safetensors with configuration and tokenizer, and neither pickles, programs nor the same again", () => {
    const weights = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    const beside = ["config.json", "tokenizer.json", "chat_template.jinja"]
    const of = listing(
      ...beside,
      INDEX_FILE,
      ...weights,
      ...[
        "pytorch_model.bin",
        "modeling_tiny.py",
        "consolidated.safetensors",
        "original/model.pth",
        "README.md",
        ".gitattributes",
      ],
    )
    assert.equal(chosen(of, null), "index")
    assert.deepEqual(chosen(of, null, weights), [...beside, INDEX_FILE, ...weights])
    assert.throws(() => chosen(of, null, [...weights, "more.safetensors"]), /lacks more\.safetensors/)
    assert.deepEqual(chosen(listing("config.json", "model.safetensors"), null), ["config.json", "model.safetensors"])
    assert.throws(() => chosen(listing("model.safetensors"), null), /no config\.json/)
  })

  it("is never a pickle", () => {
    const of = listing("config.json", "pytorch_model.bin", "model.pt")
    assert.throws(() => chosen(of, null), refuses("invalid_input", /pickled/, /GGUF/))
    assert.throws(() => chosen(of, "pytorch_model.bin"), refuses("file_not_found", /no such model/, /no GGUF/))
  })

  it("must be said where a repository has safetensors and GGUF", () => {
    const of = listing("config.json", "model.safetensors", "tiny-Q8_0.gguf")
    assert.throws(() => chosen(of, null), refuses("invalid_input", /2 models/, /safetensors, Q8_0/))
    assert.deepEqual(chosen(of, "safetensors"), ["config.json", "model.safetensors"])
    assert.deepEqual(chosen(of, "Q8_0"), ["tiny-Q8_0.gguf"])
  })

  it("is whole or nothing, whatever lies there: every choice can be picked by its label, and no file belongs to two", () => {
    const file = fc.oneof(
      fc
        .record({
          quant: fc.constantFrom(...QUANTS),
          base: fc.constantFrom("tiny", "other"),
          folder: fc.constantFrom("", "x/"),
        })
        .map(({ quant, base, folder }) => [`${folder}${base}-${quant}.gguf`]),
      fc
        .record({ quant: fc.constantFrom(...QUANTS), total: fc.integer({ min: 2, max: 5 }) })
        .map(({ quant, total }) =>
          Array.from({ length: total }, (_, n) => `${quant}/split-${quant}-0000${n + 1}-of-0000${total}.gguf`),
        ),
      fc.constantFrom(["README.md"], ["mmproj-x.gguf"], ["pytorch_model.bin"]),
    )
    fc.assert(
      fc.property(fc.array(file, { maxLength: 8 }), (groups) => {
        const paths = [...new Set(groups.flat())]
        const of = listing(...paths)
        const choices = ggufChoices(of.files)
        assert.equal(new Set(choices.map(({ label }) => label)).size, choices.length)
        const all = choices.flatMap(({ files }) => files.map(({ path }) => path))
        assert.equal(new Set(all).size, all.length)
        assert.deepEqual(
          new Set(all),
          new Set(paths.filter((path) => /\.gguf$/.test(path) && !path.startsWith("mmproj"))),
        )
        for (const { label, files } of choices) {
          const own = files.map(({ path }) => path)
          const found = chosen(of, label)
          assert.deepEqual(found.slice(0, own.length), own)
          assert.ok(found.length === own.length || found.at(-1) === "mmproj-x.gguf")
        }
      }),
    )
  })
})

describe("what a hub says", () => {
  it("is read with sizes and hashes, without paths that lead elsewhere", () => {
    const sha256 = "a".repeat(64)
    const git = "b".repeat(40)
    const answer = {
      sha: COMMIT,
      siblings: [
        { rfilename: "m.gguf", size: 5, blobId: git, lfs: { sha256, size: 5, pointerSize: 134 } },
        { rfilename: "config.json", size: 2, blobId: git },
        { rfilename: "bare.json" },
        ...["../up", "/etc/passwd", "a//b", "a/./b", "a\\b", "a\0b", "", 7, "x".repeat(256), "é".repeat(128)].map(
          (rfilename) => ({ rfilename }),
        ),
      ],
    }
    assert.deepEqual(readRevision("lab/tiny", answer).files, [
      { path: "m.gguf", bytes: 5, hash: { kind: "sha256", hex: sha256 } },
      { path: "config.json", bytes: 2, hash: { kind: "git", hex: git } },
      { path: "bare.json", bytes: null, hash: null },
    ])
    const page = [
      { type: "directory", path: "x", oid: git },
      { type: "file", path: "x/m.gguf", size: 5, oid: git, lfs: { oid: sha256, size: 5 } },
    ]
    assert.deepEqual(readTreePage("lab/tiny", page), [
      { path: "x/m.gguf", bytes: 5, hash: { kind: "sha256", hex: sha256 } },
    ])
  })

  it("is an error of its own or a listing, whatever it says", () => {
    const isRead = (read: () => unknown) => {
      try {
        read()
        return true
      } catch (error) {
        return error instanceof WindfallError && ["hub_unreachable", "invalid_input"].includes(error.code)
      }
    }
    const siblings = fc.oneof(
      fc.anything(),
      fc.array(fc.record({ rfilename: fc.anything(), size: fc.anything(), lfs: fc.anything() })),
    )
    fc.assert(fc.property(siblings, (list) => isRead(() => readRevision("lab/tiny", { sha: COMMIT, siblings: list }))))
    fc.assert(fc.property(fc.anything(), (answer) => isRead(() => readRevision("lab/tiny", answer))))
    fc.assert(fc.property(fc.anything(), (answer) => isRead(() => readTreePage("lab/tiny", answer))))
    fc.assert(fc.property(fc.anything(), (map) => isRead(() => filesOfIndex({ weight_map: map }))))
  })

  it("has an index whose bad entry is named", () => {
    const read = (bad: unknown) => () => filesOfIndex({ weight_map: { a: "model.safetensors", "b.weight": bad } })
    assert.deepEqual(read("model.safetensors")(), ["model.safetensors"])
    for (const bad of ["pytorch_model.bin", "../../../etc/passwd", "../x.safetensors", 5, null])
      assert.throws(read(bad), ({ code, message }: WindfallError) => {
        assert.equal(code, "invalid_input")
        assert.ok(message.includes(`its weight_map names ${JSON.stringify(bad)} for the tensor "b.weight"`), message)
        return true
      })
    assert.throws(() => filesOfIndex({ weight_map: {} }), /its weight_map names no safetensors files/)
  })

  it("has hashes as ETags", () => {
    assert.deepEqual(hashFromEtag(`"${"A".repeat(64)}"`), { kind: "sha256", hex: "a".repeat(64) })
    assert.deepEqual(hashFromEtag(`W/"${"b".repeat(40)}"`), { kind: "git", hex: "b".repeat(40) })
    for (const etag of [null, '""', '"abc"', `"${"a".repeat(64)}-12"`]) assert.equal(hashFromEtag(etag), null)
  })
})

describe("names", () => {
  it("of repositories are read with revision and pick", () => {
    assert.deepEqual(readRepository("lab/tiny"), { name: "lab/tiny", revision: "main", pick: null })
    const all = { name: "lab/tiny", revision: "refs/pr/1", pick: "Q4_K_M" }
    assert.deepEqual(readRepository("hf:lab/tiny@refs/pr/1:Q4_K_M"), all)
    for (const typed of ["tiny", "a/b/c", "../b", "a/..", "-a/b", "a/b:", "a/b@", "a/b@../x", "a b/c", "a/b@x?y=1"])
      assert.throws(() => readRepository(typed), WindfallError, typed)
    assert.ok(isRepository("lab/tiny:Q8_0") && !isRepository("./tiny.gguf") && !isRepository("/lab/tiny"))
  })

  it("of quantisations are found where publishers put them", () => {
    for (const quant of QUANTS)
      for (const path of [
        `tiny-8b-${quant}.gguf`,
        `tiny.${quant.toLowerCase()}.gguf`,
        `${quant}/tiny-00001-of-00002.gguf`,
      ])
        assert.equal(quantisationOf(path), quant, path)
    for (const path of ["tiny.gguf", "Qwen3-8B.gguf", "model-v2.gguf"]) assert.equal(quantisationOf(path), null)
  })

  it("of data are good ones, whatever the repository is called", () => {
    assert.equal(usualDataName("Qwen/Qwen3-8B-GGUF", "Q4_K_M"), "Qwen3-8B-Q4_K_M")
    assert.equal(usualDataName("mlx-community/Qwen3-8B-4bit", null), "Qwen3-8B-4bit")
    assert.equal(usualDataName("lab/tiny-q8_0", "Q8_0"), "tiny-q8_0")
    assert.equal(usualDataName("lab/f1", "F16"), "f1-F16")
    assert.equal(usualDataName("lab/f1", "f1-small"), "f1-small")
    assert.equal(usualDataName("lab/F16x", "F16"), "F16x-F16")
    fc.assert(
      fc.property(
        fc.string(),
        fc.option(fc.string()),
        (name, label) => dataNameProblem(usualDataName(`lab/${name}`, label)) === null,
      ),
    )
  })
})
