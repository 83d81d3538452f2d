// How results are shown: one line each, the whole story only where something failed, and a closing line for machines.

/** A title above a group of results. */
export function heading(text) {
  console.log(`\n${text}`)
}

/** One check, or one build. */
export function showCheck({ name, ok, output, seconds }) {
  line(ok, name, '', seconds)
  if (!ok) indented(output, 100)
}

/** One test file. */
export function showFile({ file, passed, failed, skipped, seconds, problems, output }) {
  const counts = [`${passed} passed`, failed && `${failed} failed`, skipped && `${skipped} skipped`]
  line(failed === 0, file, counts.filter(Boolean).join(', '), seconds)
  if (failed === 0) return
  for (const problem of problems) indented(problem, 20)
  indented(output, 1000)
}

/** The line that everything ends with: `N passed, N failed`, and `, N skipped` where there are any. */
export function closingLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

function line(ok, name, note, seconds) {
  console.log(`  ${ok ? 'ok  ' : 'FAIL'}  ${name.padEnd(48)} ${note.padEnd(24)} ${seconds.toFixed(1).padStart(6)} s`)
}

function indented(text, longest) {
  const rows = text.trim().split('\n')
  for (const row of rows.slice(0, longest)) console.log(`        ${row}`)
  if (rows.length > longest) console.log(`        … and ${rows.length - longest} lines more`)
}
