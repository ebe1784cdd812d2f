#!/bin/sh
# Version: ldif 0.5.1 (npm), a reader of LDIF.
#
# Behaviour: a change record may begin with controls: the identifier, whether it is critical, and behind a second colon a
# value, in text or in base64 (RFC 2849, `control`). ldif reads a control without a value. With one, such as the flags that
# say which part of a security descriptor is meant (1.2.840.113556.1.4.801), it does not fail: a record that deletes an
# object becomes an entry with the attributes `control` and `changetype`, as if the file were an export that has the object
# and not a change that removes it. A modification with such a control is a syntax error, and the error is said to be at
# the first `-`, where there is none.
#
# Output seen (control, what is read of a deletion, and of a modification):
#   none: delete, modify
#   1.2.840.113556.1.4.805 true: delete, modify
#   1.2.840.113556.1.4.801 true:: MAMCAQc=: entry with control, changetype; Expected end of input or entry but "-" found.
#
# Installs pinned packages into a temporary folder, and fails when the behaviour changes. Node.js 20 is that of the machine.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . ldif@0.5.1
cat >read.js <<'JAVASCRIPT'
const ldif = require("ldif");
const DELETION = "changetype: delete\n";
const MODIFICATION = "changetype: modify\nreplace: revision\nrevision: 101\n-\n";

function read(control, change) {
  const line = control ? `control: ${control}\n` : "";
  try {
    const [record] = ldif.parse(`dn: CN=Old,CN=Certificate Templates,DC=contoso,DC=test\n${line}${change}\n`).entries;
    if (record.type != "record") return record.type;
    return "entry with " + record.attributes.map(({ attribute }) => attribute.attribute).join(", ");
  } catch (error) {
    return error.message;
  }
}

for (const control of [null, "1.2.840.113556.1.4.805 true", "1.2.840.113556.1.4.801 true:: MAMCAQc="]) {
  const [deletion, modification] = [DELETION, MODIFICATION].map(change => read(control, change));
  console.log(`${control || "none"}: ${deletion}${deletion.includes(",") ? ";" : ","} ${modification}`);
}
JAVASCRIPT
node -p '"ldif " + require("ldif/package.json").version'
node read.js >found
cat found
cat >expected <<'TEXT'
none: delete, modify
1.2.840.113556.1.4.805 true: delete, modify
1.2.840.113556.1.4.801 true:: MAMCAQc=: entry with control, changetype; Expected end of input or entry but "-" found.
TEXT
cmp expected found && echo "as described"
