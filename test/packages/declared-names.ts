import ts from 'typescript';

/** Every name that a declaration file exports, types included. */
export function declaredNames(file: string): string[] {
  const program = ts.createProgram([file], { module: ts.ModuleKind.NodeNext, noLib: true, types: [] });
  const checker = program.getTypeChecker();
  const entry = checker.getSymbolAtLocation(program.getSourceFile(file)!)!;
  return checker
    .getExportsOfModule(entry)
    .map(({ name }) => name)
    .sort();
}
