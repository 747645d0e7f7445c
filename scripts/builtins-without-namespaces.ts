import type { Plugin } from "rolldown"

/** Asks for Node's modules where they are used first: an ES import of one builds a namespace of all it exports. */
export const builtinsWithoutNamespaces: Plugin = {
  name: "builtins-without-namespaces",
  renderChunk(code) {
    return code.replace(
      /^import (?:(\w+)|\* as (\w+)|\{([^}]*)\}) from "(node:[\w/]+)";$/gm,
      (_, whole?: string, namespace?: string, names?: string, module?: string) => {
        const left = whole ?? namespace ?? `{${names?.replace(/(\w+) as (\w+)/g, "$1: $2")}}`
        return `const ${left} = process.getBuiltinModule("${module}");`
      },
    )
  },
}
