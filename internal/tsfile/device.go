package tsfile

import (
	"github.com/sluice-gateway/sluice/internal/tsfile/device"
	"github.com/sluice-gateway/sluice/internal/tsfile/wire"
)

// DeviceID names a device; see device.ID.
type DeviceID = device.ID

// Segment is one part of a device id of version 4; Null stands for a missing tag.
type Segment = device.Segment

// PathDevice returns the id of version 3.
func PathDevice(path string) DeviceID { return device.Path(path) }

// TreeDevice returns the id of version 4 of a tree path.
func TreeDevice(path string) (DeviceID, error) { return device.Tree(path) }

// SameOrder reports whether a before b holds both for version 3 (path text) and for the
// readers of version 4 (segments): the 2.x library searches version 3 files in segment
// order and misses devices otherwise.
func SameOrder(a, b string) bool { return device.SameOrder(a, b) }

// ReadDeviceID reads an id in the form of a version; c fails on damage.
func ReadDeviceID(c *wire.Cursor, version byte) DeviceID { return device.Read(c, version) }

// ComparePaths compares names as files of version 3 order them: by UTF-16 units.
func ComparePaths(a, b string) int { return device.CompareText(a, b) }
