// Build step: src -> dist (or the folder named). The launcher, the program as one file (a start reads one file instead of 600), and the library.
import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const target = resolve(process.argv[2] ?? join(root, 'dist'))
const common = { absWorkingDir: root, bundle: true, platform: 'node', target: 'node20.19', logLevel: 'warning', legalComments: 'none' }

const asCommonJs = {
  format: 'cjs',
  define: { 'import.meta.url': 'importMetaUrl' },
  banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href" },
}

// CommonJS: Node needs a fifth more for the same as a module. start.js beside the launcher is only there when it runs from its sources
await build({ ...common, ...asCommonJs, entryPoints: ['src/cli.ts'], outfile: join(target, 'cli.cjs'), external: ['./start.js'] })
// the launcher by the name that it had before
await writeFile(join(target, 'cli.js'), "#!/usr/bin/env node\nimport './cli.cjs'\n")

// What the program never reaches of its packages, and what would take a twentieth of each start: an SSH server, proxies for HTTP, semver
const unreached = {
  name: 'unreached',
  setup(building) {
    const filter = /node_modules\/(ssh2\/lib\/(server|http-agents)|make-dir\/index)\.js$/
    building.onLoad({ filter }, () => ({ contents: 'module.exports = {}' }))
    // ssh2's optional natives: nothing is gained by them, and Node would look for them at each start
    building.onResolve({ filter: /\.node$|^cpu-features$/ }, ({ path }) => ({ path, namespace: 'natives' }))
    building.onLoad({ filter: /./, namespace: 'natives' }, ({ path }) => ({ contents: `throw new Error('${path} is not bundled')` }))
  },
}

// Not minified: a bug's stack stays readable, and with the code cache it starts no slower
const { metafile } = await build({
  ...common,
  ...asCommonJs,
  entryPoints: ['src/cli/start.ts'],
  outfile: join(target, 'holdfast.cjs'),
  metafile: true,
  plugins: [unreached],
})

if (existsSync(join(root, 'src/index.ts')))
  await build({ ...common, entryPoints: ['src/index.ts'], format: 'esm', outfile: join(target, 'index.js'), packages: 'external' })

await writeFile(join(target, 'LICENSES.txt'), await licences(Object.keys(metafile.inputs)))

/** What the licences of the packages in a bundle ask for: their texts beside it. */
async function licences(inputs) {
  const folders = new Set(inputs.map((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]).filter(Boolean))
  const texts = await Promise.all([...folders].sort().map(licenceOf))
  return `dist/holdfast.cjs holds these packages.\n\n${texts.join('\n')}`
}

async function licenceOf(folder) {
  const { name, version, license } = JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8'))
  const file = (await readdir(join(root, folder))).find((each) => /^licen[cs]e/i.test(each))
  if (!file && !license) throw new Error(`${name} says no licence`)
  const text = file ? await readFile(join(root, folder, file), 'utf8') : `${license} (the package holds no licence text)\n`
  return `${'='.repeat(80)}\n${name} ${version}\n\n${text.trim()}\n`
}
