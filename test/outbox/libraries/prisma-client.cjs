const { getPrismaClient } = require('@prisma/client/runtime/client');
const compiler = require('@prisma/client/runtime/query_compiler_small_bg.postgresql.js');
const { wasm } = require('@prisma/client/runtime/query_compiler_small_bg.postgresql.wasm-base64.js');

// What `prisma generate` makes of a schema without models, without the 230 MB more that it needs to run.
exports.PrismaClient = getPrismaClient({
  previewFeatures: [],
  clientVersion: '7.10.0',
  engineVersion: '',
  activeProvider: 'postgresql',
  inlineSchema: 'datasource db {\n  provider = "postgresql"\n}\n',
  runtimeDataModel: { models: {}, enums: {}, types: {} },
  parameterizationSchema: { strings: [], graph: 'AAAA' },
  compilerWasm: {
    getRuntime: () => Promise.resolve(compiler),
    getQueryCompilerWasmModule: () => Promise.resolve(new WebAssembly.Module(Buffer.from(wasm, 'base64'))),
    importName: './query_compiler_small_bg.js',
  },
});
