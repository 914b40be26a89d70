module github.com/tallystick/tallystick/examples/updateclient

go 1.26.5

replace github.com/tallystick/tallystick => ../..

require (
	github.com/schollz/progressbar/v3 v3.19.1
	github.com/tallystick/tallystick v0.0.0-00010101000000-000000000000
	golang.org/x/term v0.47.0
)

require (
	github.com/mitchellh/colorstring v0.0.0-20190213212951-d06e56a500db // indirect
	github.com/rivo/uniseg v0.4.7 // indirect
	golang.org/x/crypto v0.58.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/text v0.43.0 // indirect
)
