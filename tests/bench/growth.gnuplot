# SPDX-License-Identifier: GPL-2.0-only
# What one more group costs, a panel a kernel; for tests/bench/plot.
set terminal svg size 1000,360 font "sans-serif,13" background "white"
set output out
set multiplot layout 1,words(lines) margins 0.07,0.985,0.17,0.74 spacing 0.03,0.1

stock = "#9a9a9a"
ours = "#2166ac"

set label 1 "Adding one more group to a container: thousand instructions" at screen 0.5,0.94 center font ",16"
set label 2 "groups in the container (logarithmic)" at screen 0.53,0.04 center
# The key, above the panels.
set object 1 rectangle at screen 0.36,0.865 size screen 0.015,0.036 fc rgb stock fs solid noborder
set object 2 rectangle at screen 0.53,0.865 size screen 0.015,0.036 fc rgb ours fs solid noborder
set label 3 "vfio\\_iommu\\_type1" at screen 0.372,0.865
set label 4 "vfio\\_type1\\_ng" at screen 0.542,0.865

set logscale x 2
set xrange [1.7:300]
set yrange [0:*]
set xtics nomirror ("2" 2, "8" 8, "32" 32, "128" 128)
set ytics nomirror
set grid ytics lc rgb "#dddddd"
set border 3
set key off

# One scale for all panels.
most = 0
do for [line in lines] {
	stats work."/attach_".line using 2 nooutput
	if (STATS_max > most) { most = STATS_max }
}
set yrange [0:most * 1.15]

do for [i = 1:words(lines)] {
	line = word(lines, i)
	set title "Linux ".line offset 0,-0.5
	if (i > 1) { set format y "" }
	plot work."/attach_".line using 1:2 with linespoints lc rgb stock lw 2 pt 7 ps 0.6, \
		"" using 1:3 with linespoints lc rgb ours lw 2 pt 7 ps 0.6
	# What is drawn on the whole picture, only once.
	unset label
	unset object
}
unset multiplot
