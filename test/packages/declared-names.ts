import ts from 'typescript';

/** Every name that each of the declaration files exports, types included. */
export function declaredNames(files: readonly string[]): string[][] {
  const program = ts.createProgram([...files], { module: ts.ModuleKind.NodeNext, noLib: true, types: [] });
  const checker = program.getTypeChecker();
  return files.map((file) => {
    const entry = checker.getSymbolAtLocation(program.getSourceFile(file)!)!;
    return checker
      .getExportsOfModule(entry)
      .map(({ name }) => name)
      .sort();
  });
}
