package sandbox

import ()

// ClientCertificate and ClientCertificateKey are a client certificate that everyone
// may show, for integrations whose own cannot be had. They protect nothing.
const (
	ClientCertificate = `-----BEGIN CERTIFICATE-----
MIIBUjCB+aADAgECAgIH5DAKBggqhkjOPQQDAjAdMRswGQYDVQQDExJuYW5nby1s
aXRlIHNhbmRib3gwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMB0x
GzAZBgNVBAMTEm5hbmdvLWxpdGUgc2FuZGJveDBZMBMGByqGSM49AgEGCCqGSM49
AwEHA0IABL6vN4Ub3p7+NoWpI6YkJsu6wep8LueG7ttq2aZysvybOpHCeCZ7edjx
vKxiMc6GDCHBvZFH2HRPh6Na2QljSsqjJzAlMA4GA1UdDwEB/wQEAwIHgDATBgNV
HSUEDDAKBggrBgEFBQcDAjAKBggqhkjOPQQDAgNIADBFAiBhbczZN5kWLFgqXGuo
4z+xg0YwF9H2tzHOAQwcIyX+HgIhAODonemkCcB8Plfv5UAcxP1X4EN0Jjupr/+h
WzfFhcU7
-----END CERTIFICATE-----
`
	ClientCertificateKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgY/lt93h4/6N8Ok4z
Aks+rpN1v9P60hQmlo0Ujd4EJl+hRANCAAS+rzeFG96e/jaFqSOmJCbLusHqfC7n
hu7batmmcrL8mzqRwngme3nY8bysYjHOhgwhwb2RR9h0T4ejWtkJY0rK
-----END PRIVATE KEY-----
`
)
