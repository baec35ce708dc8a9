"""Ed-Fi: `ods` reads an ODS/API server, `interchange` a folder of XML; `keys` holds what makes a resource one."""
