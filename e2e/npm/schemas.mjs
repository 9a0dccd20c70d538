// Holds files against the schema of those who read them, and prints a line for each: a
// JSON array of its faults.
//
//	node schemas.mjs cyclonedx FILE …    bills of materials, by the JSON schema of CycloneDX 1.6
//	node schemas.mjs kubernetes FILE …   each document, by the OpenAPI schema of its kind
import { readFileSync } from 'node:fs'
import { Validation } from '@cyclonedx/cyclonedx-library'
import { parseAllDocuments } from 'yaml'

const formats = {
	async cyclonedx(text) {
		const faults = await new Validation.JsonStrictValidator('1.6').validate(text)
		return (faults ?? []).map((f) => `${f.instancePath} ${f.message}`)
	},
	async kubernetes(text) {
		const faults = []
		for (const document of parseAllDocuments(text)) {
			const value = document.toJS()
			const { [value.kind]: Kind } = await import(`kubernetes-models/${value.apiVersion}`)
			try {
				new Kind(value).validate()
			} catch (err) {
				faults.push(`${value.kind}: ${err.message}`)
			}
		}
		return faults
	},
}

const [format, ...files] = process.argv.slice(2)
for (const file of files) {
	console.log(JSON.stringify(await formats[format](readFileSync(file, 'utf8'))))
}
