// Build step: schemas/*.json -> src/generated: validators that need nothing at run time, and the types.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Ajv from 'ajv/dist/2020.js'
import standalone from 'ajv/dist/standalone/index.js'
import { build } from 'esbuild'
import { compile } from 'json-schema-to-typescript'

const folder = dirname(fileURLToPath(import.meta.url))
const root = dirname(folder)
const target = join(root, 'src', 'generated')
const documents = ['inventory', 'playbook', 'profile', 'plan', 'run', 'report']

const files = (await readdir(folder)).filter((name) => name.endsWith('.schema.json')).sort()
const schemas = await Promise.all(files.map(async (name) => JSON.parse(await readFile(join(folder, name), 'utf8'))))
await mkdir(target, { recursive: true })

const ajv = new Ajv.default({
  schemas,
  allErrors: true,
  verbose: true,
  allowUnionTypes: true,
  strictTypes: false,
  code: { source: true, esm: true },
})
const code = standalone.default(ajv, Object.fromEntries(documents.map((name) => [name, `${name}.schema.json`])))
await build({
  stdin: { contents: code, resolveDir: root, sourcefile: 'validators.js' },
  bundle: true,
  format: 'esm',
  platform: 'neutral',
  mainFields: ['module', 'main'],
  outfile: join(target, 'validators.js'),
  logLevel: 'warning',
})

const declarations = documents.map((name) => `export declare const ${name}: Validate`)
await writeFile(
  join(target, 'validators.d.ts'),
  `export interface SchemaError {
  readonly instancePath: string
  readonly keyword: string
  readonly params: Readonly<Record<string, unknown>>
  readonly message?: string
  readonly parentSchema?: Readonly<Record<string, unknown>>
}
export interface Validate {
  (value: unknown): boolean
  readonly errors?: readonly SchemaError[] | null
}
${declarations.join('\n')}
`,
)

for (const name of documents) {
  const schema = schemas.find((each) => each.$id === `${name}.schema.json`)
  const types = await compile(withoutIds(schema), schema.title, {
    cwd: `${folder}/`,
    bannerComment: `/* Made from schemas/${name}.schema.json by schemas/generate.mjs. */`,
    additionalProperties: false,
    style: { semi: false, singleQuote: true },
  })
  await writeFile(join(target, `${name}.ts`), types)
}

function withoutIds(schema) {
  const { $id, $schema, ...rest } = schema
  return rest
}
